// Command informer is what Faro is measured against: one client-go informer of the pods of a namespace, of whole
// objects or of metadata, with client-go's own settings; beside that of metadata, if a selector is given, one of the whole
// objects that it selects. It says when it has synced, notes when it heard of each resourceVersion (of what is selected,
// when it had it whole), and prints that as JSON when it is told to end.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type notices struct {
	sync.Mutex
	// Unix milliseconds by resourceVersion.
	at map[string]float64
}

func (n *notices) hear(object any) {
	now := float64(time.Now().UnixNano()) / 1e6
	if unseen, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = unseen.Obj
	}
	meta, ok := object.(metav1.Object)
	if !ok {
		return
	}
	n.Lock()
	n.at[meta.GetResourceVersion()] = now
	n.Unlock()
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "")
	namespace := flag.String("namespace", "default", "")
	metadataOnly := flag.Bool("metadata", false, "")
	selector := flag.String("whole", "", "label selector of what is watched whole beside the metadata")
	flag.Parse()
	startedAt := time.Now()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	heard := &notices{at: map[string]float64{}}
	whole := &notices{at: map[string]float64{}}
	running := []cache.SharedIndexInformer{}
	if *metadataOnly {
		running = append(running, run(metadataInformer(config, *namespace), heard))
	}
	if !*metadataOnly || *selector != "" {
		running = append(running, run(podInformer(config, *namespace, *selector), whole))
	}
	objects := 0
	for _, informer := range running {
		cache.WaitForCacheSync(make(chan struct{}), informer.HasSynced)
		objects += len(informer.GetStore().ListKeys())
	}
	fmt.Printf("synced %d objects in %d ms\n", objects, time.Since(startedAt).Milliseconds())
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
	heard.Lock()
	whole.Lock()
	for version, at := range whole.at {
		heard.at[version] = at
	}
	check(json.NewEncoder(os.Stdout).Encode(heard.at))
}

func run(informer cache.SharedIndexInformer, heard *notices) cache.SharedIndexInformer {
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, object any) { heard.hear(object) },
		DeleteFunc: heard.hear,
	})
	check(err)
	go informer.Run(make(chan struct{}))
	return informer
}

func metadataInformer(config *rest.Config, namespace string) cache.SharedIndexInformer {
	client, err := metadata.NewForConfig(config)
	check(err)
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	return metadatainformer.NewFilteredSharedInformerFactory(client, 0, namespace, nil).ForResource(pods).Informer()
}

func podInformer(config *rest.Config, namespace, selector string) cache.SharedIndexInformer {
	client, err := kubernetes.NewForConfig(config)
	check(err)
	selected := informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = selector })
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace), selected)
	return factory.Core().V1().Pods().Informer()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
