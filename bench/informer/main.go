// Command informer is what Faro is measured against: one client-go informer of the pods of a namespace, of whole
// objects or of metadata, with client-go's own settings. It says when it has synced, notes when it heard of each
// resourceVersion, and prints both as JSON when it is told to end.
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
	flag.Parse()
	startedAt := time.Now()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	heard := &notices{at: map[string]float64{}}
	informer, err := podInformer(config, *namespace, *metadataOnly)
	check(err)
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, object any) { heard.hear(object) },
		DeleteFunc: heard.hear,
	})
	check(err)
	stop := make(chan struct{})
	go informer.Run(stop)
	cache.WaitForCacheSync(stop, informer.HasSynced)
	fmt.Printf("synced %d objects in %d ms\n", len(informer.GetStore().ListKeys()), time.Since(startedAt).Milliseconds())
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
	close(stop)
	heard.Lock()
	check(json.NewEncoder(os.Stdout).Encode(heard.at))
}

func podInformer(config *rest.Config, namespace string, metadataOnly bool) (cache.SharedIndexInformer, error) {
	if metadataOnly {
		client, err := metadata.NewForConfig(config)
		if err != nil {
			return nil, err
		}
		pods := corev1.SchemeGroupVersion.WithResource("pods")
		return metadatainformer.NewFilteredSharedInformerFactory(client, 0, namespace, nil).ForResource(pods).Informer(), nil
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	return factory.Core().V1().Pods().Informer(), nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
