"""Writes golden/flax.json: what Flax NNX itself gives, case by case, for the tests to compare with.

    python conformance/flax_cases.py [--check]

Needs flax 0.12.8, jax 0.10.2 (CPU, default configuration) and optax 0.2.8; seeds stand in each case.
"""
import re
import warnings; warnings.simplefilter('ignore')
import numpy as np, jax, jax.numpy as jnp, optax
from flax import nnx
from golden_file import finish
G={}
def arr(x):
    if isinstance(x,nnx.Variable): x=x.get_value()
    if isinstance(x,(jax.Array,np.ndarray)):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key): x=jax.random.key_data(x); return {'shape':list(x.shape),'dtype':'prng_key','data':np.asarray(x).reshape(-1).tolist()}
        a=np.asarray(x); d=[None if (isinstance(v,float) and v!=v) else v for v in a.reshape(-1).tolist()]
        return {'shape':list(a.shape),'dtype':str(a.dtype),'data':d}
    if isinstance(x,(list,tuple)): return [arr(v) for v in x]
    if isinstance(x,dict): return {str(k):arr(v) for k,v in x.items()}
    if isinstance(x,nnx.State): return {'/'.join(map(str,p)):arr(v) for p,v in nnx.to_flat_state(x)}
    return x
def put(name, **kw): G[name]={k:arr(v) for k,v in kw.items()}
R=lambda s=0: nnx.Rngs(s)
K=jax.random.key
def inp(seed,shape): return jax.random.normal(K(seed),shape)
# PRNG
put('prng.fold_in', desc='fold_in(key(seed), i)', seed0=[jax.random.fold_in(K(0),i) for i in range(5)], seed42=[jax.random.fold_in(K(42),i) for i in range(3)])
put('prng.split', key0_3=jax.random.split(K(0),3), key7_2x2=jax.random.split(K(7),(2,2)))
put('prng.samplers', desc='all with key(0)', bits=jax.random.bits(K(0),(6,)), uniform=jax.random.uniform(K(0),(6,)), uniform_m3_5=jax.random.uniform(K(0),(6,),minval=-3,maxval=5), normal=jax.random.normal(K(0),(6,)), truncated_normal_m2_2=jax.random.truncated_normal(K(0),-2,2,(6,)), bernoulli_p0_3=jax.random.bernoulli(K(0),0.3,(12,)), randint_0_10=jax.random.randint(K(0),(8,),0,10), categorical_logits_1_2_3=jax.random.categorical(K(0),jnp.array([[1.,2.,3.]]*6)), gumbel=jax.random.gumbel(K(0),(4,)), permutation_8=jax.random.permutation(K(0),8), exponential=jax.random.exponential(K(0),(4,)), laplace=jax.random.laplace(K(0),(4,)), rademacher=jax.random.rademacher(K(0),(6,)), logistic=jax.random.logistic(K(0),(4,)))
I=nnx.initializers
put('initializers.key0', lecun_normal_4x3=I.lecun_normal()(K(0),(4,3)), lecun_uniform_4x3=I.lecun_uniform()(K(0),(4,3)), glorot_normal_4x3=I.glorot_normal()(K(0),(4,3)), glorot_uniform_4x3=I.glorot_uniform()(K(0),(4,3)), he_normal_4x3=I.he_normal()(K(0),(4,3)), he_uniform_4x3=I.he_uniform()(K(0),(4,3)), normal_default_2x2=I.normal()(K(0),(2,2)), uniform_default_2x2=I.uniform()(K(0),(2,2)), truncated_normal_default_2x2=I.truncated_normal()(K(0),(2,2)), conv_lecun_3x3x2x4=I.lecun_normal()(K(0),(3,3,2,4)), embed_default_5x3=I.variance_scaling(1.0,'fan_in','normal',out_axis=0)(K(0),(5,3)), orthogonal_3x3=I.orthogonal()(K(0),(3,3)), constant=I.constant(2.5)(K(0),(2,)))
# Rngs
r=nnx.Rngs(0,params=1); seq=[r(),r.params(),r.dropout(),r()]
put('rngs.sequence', desc='Rngs(0,params=1): r(), r.params(), r.dropout() [fallback default], r()', keys=seq, default_count=r.default.count, params_count=r.params.count)
f=nnx.Rngs(params=1,dropout=2).fork(); s=nnx.Rngs(params=1).split(3)
put('rngs.fork_split', fork_params=f.params.key, fork_dropout=f.dropout.key, split3=s.params.key, normal=nnx.Rngs(0).normal((3,)), dropout_key_in_layer=nnx.Dropout(.5,rngs=nnx.Rngs(dropout=0)).rngs.key)
# layers
def lay(name, m, *xs, call=None, **kw):
    st=nnx.clone(nnx.state(m)); y=call(m,*xs) if call else m(*xs); put(name, inputs=list(xs), state=st, output=y, state_after=nnx.state(m), **kw)
lay('Linear_3_4', nnx.Linear(3,4,rngs=R()), inp(1,(2,3)))
lay('Linear_nobias', nnx.Linear(3,4,use_bias=False,rngs=R()), inp(1,(2,3)))
lay('LinearGeneral_2x3_to_4x5_axis_1_-1', nnx.LinearGeneral((2,3),(4,5),axis=(1,-1),rngs=R()), inp(1,(2,2,3)))
lay('LinearGeneral_batch_axis', nnx.LinearGeneral(3,4,batch_axis={0:2},rngs=R()), inp(1,(2,5,3)))
lay('Einsum_nta_hab', nnx.Einsum('nta,hab->nthb',(2,3,4),(2,4),rngs=R()), inp(1,(2,2,3)))
for pad in ['SAME','VALID','CIRCULAR','REFLECT','CAUSAL']: lay(f'Conv1d_k3_{pad}', nnx.Conv(2,3,3,padding=pad,rngs=R()), inp(1,(1,6,2)))
lay('Conv1d_stride2_dil2_same', nnx.Conv(2,3,(3,),strides=2,kernel_dilation=2,rngs=R()), inp(1,(1,7,2)))
lay('Conv2d_3x3_same', nnx.Conv(2,3,(3,3),rngs=R()), inp(1,(1,5,4,2))); lay('Conv2d_2x2_stride2_valid', nnx.Conv(2,3,(2,2),strides=(2,2),padding='VALID',rngs=R()), inp(1,(1,5,4,2))); lay('Conv2d_groups2', nnx.Conv(4,4,(3,3),feature_group_count=2,rngs=R()), inp(1,(1,4,4,4))); lay('Conv2d_pad_pairs', nnx.Conv(1,2,(3,3),padding=((1,0),(0,2)),rngs=R()), inp(1,(1,4,4,1)))
for pad in ['SAME','VALID','CIRCULAR']: lay(f'ConvTranspose1d_k3_s2_{pad}', nnx.ConvTranspose(2,3,(3,),strides=2,padding=pad,rngs=R()), inp(1,(1,4,2)))
lay('ConvTranspose2d_same_s2', nnx.ConvTranspose(2,3,(3,3),strides=2,rngs=R()), inp(1,(1,3,3,2))); lay('ConvTranspose2d_same_s2_transpose_kernel', nnx.ConvTranspose(2,3,(3,3),strides=2,transpose_kernel=True,rngs=R()), inp(1,(1,3,3,2)))
lay('Embed_5_3', nnx.Embed(5,3,rngs=R()), jnp.array([[0,4],[-1,5]])); lay('Embed_attend', nnx.Embed(5,3,rngs=R()), inp(1,(2,3)), call=lambda m,x:m.attend(x))
bn=nnx.BatchNorm(3,rngs=R()); lay('BatchNorm_train', bn, inp(1,(4,3))); lay('BatchNorm_train_second', bn, inp(2,(4,3))); lay('BatchNorm_eval', bn, inp(3,(4,3)), call=lambda m,x:m(x,use_running_average=True)); lay('BatchNorm_mask', nnx.BatchNorm(3,rngs=R()), inp(1,(4,3)), call=lambda m,x:m(x,mask=jnp.array([[True],[True],[False],[True]]))); lay('BatchNorm_nhwc_momentum0.9', nnx.BatchNorm(2,momentum=0.9,rngs=R()), inp(1,(2,2,2,2)))
lay('LayerNorm', nnx.LayerNorm(4,rngs=R()), inp(1,(2,4))); lay('RMSNorm', nnx.RMSNorm(4,rngs=R()), inp(1,(2,4))); lay('GroupNorm_4_2', nnx.GroupNorm(4,2,rngs=R()), inp(1,(2,3,4))); lay('InstanceNorm', nnx.InstanceNorm(3,rngs=R()), inp(1,(2,4,3)))
lay('WeightNorm', nnx.WeightNorm(nnx.Linear(3,2,rngs=R()),rngs=R(1)), inp(1,(2,3))); lay('SpectralNorm', nnx.SpectralNorm(nnx.Linear(3,2,rngs=R()),rngs=R(1)), inp(1,(2,3)))
lay('Dropout_0.5', nnx.Dropout(.5,rngs=nnx.Rngs(dropout=0)), jnp.ones((8,))); lay('Dropout_0.3_broadcast0', nnx.Dropout(.3,broadcast_dims=(0,),rngs=nnx.Rngs(dropout=0)), jnp.ones((2,6)))
lay('LoRA', nnx.LoRA(3,2,4,b_initializer=I.ones,base_module=nnx.Linear(3,4,rngs=R()),rngs=R(1)), inp(1,(2,3))); lay('LoRALinear', nnx.LoRALinear(3,4,lora_rank=2,b_initializer=I.ones,rngs=R()), inp(1,(2,3))); lay('PReLU', nnx.PReLU(), jnp.array([-2.,-.5,0.,3.]))
lay('MHA_self', nnx.MultiHeadAttention(2,4,rngs=R()), inp(1,(1,3,4)), call=lambda m,x:m(x,decode=False)); lay('MHA_self_causal', nnx.MultiHeadAttention(2,4,rngs=R()), inp(1,(1,3,4)), call=lambda m,x:m(x,decode=False,is_causal=True)); lay('MHA_mask', nnx.MultiHeadAttention(2,4,rngs=R()), inp(1,(1,3,4)), call=lambda m,x:m(x,decode=False,mask=nnx.make_causal_mask(jnp.ones((1,3))))); lay('MHA_cross_kv5_qknorm', nnx.MultiHeadAttention(2,4,in_kv_features=5,normalize_qk=True,rngs=R()), inp(1,(1,3,4)), inp(2,(1,2,5)), call=lambda m,x,y:m(x,y,decode=False)); lay('MHA_gqa_4_2', nnx.MultiHeadAttention(4,8,num_kv_heads=2,rngs=R()), inp(1,(1,3,8)), call=lambda m,x:m(x,decode=False))
def dec(m,x):
    m.init_cache(x.shape); return [m(x[:,i:i+1],decode=True) for i in range(x.shape[1])]
lay('MHA_decode', nnx.MultiHeadAttention(2,4,rngs=R()), inp(1,(1,3,4)), call=dec)
put('masks', causal=nnx.make_causal_mask(jnp.ones((1,4))), attention=nnx.make_attention_mask(jnp.array([[1,1,0]]),jnp.array([[1,0,1,1]])), combine=nnx.combine_masks(jnp.array([[1.,1.],[0.,1.]]),None,jnp.array([[1.,0.],[1.,1.]])))
for nm,C in [('LSTMCell',nnx.LSTMCell),('OptimizedLSTMCell',nnx.OptimizedLSTMCell)]: lay(nm, C(2,3,rngs=R()), inp(1,(2,2)), call=lambda m,x: m((jnp.full((2,3),.1),jnp.full((2,3),.2)),x))
for nm,C in [('GRUCell',nnx.GRUCell),('SimpleCell',nnx.SimpleCell)]: lay(nm, C(2,3,rngs=R()), inp(1,(2,2)), call=lambda m,x: m(jnp.full((2,3),.2),x))
lay('SimpleCell_residual', nnx.SimpleCell(2,3,residual=True,rngs=R()), inp(1,(2,2)), call=lambda m,x: m(jnp.full((2,3),.2),x))
lay('RNN_gru', nnx.RNN(nnx.GRUCell(2,3,rngs=R())), inp(1,(2,4,2))); lay('RNN_gru_reverse_keep_order', nnx.RNN(nnx.GRUCell(2,3,rngs=R()),reverse=True,keep_order=True), inp(1,(2,4,2))); lay('RNN_lstm_seq_lengths_return_carry', nnx.RNN(nnx.LSTMCell(2,3,rngs=R()),return_carry=True), inp(1,(2,4,2)), call=lambda m,x:m(x,seq_lengths=jnp.array([2,4]))); lay('RNN_time_major', nnx.RNN(nnx.GRUCell(2,3,rngs=R()),time_major=True), inp(1,(4,2,2))); lay('Bidirectional_gru', nnx.Bidirectional(nnx.RNN(nnx.GRUCell(2,3,rngs=R())),nnx.RNN(nnx.GRUCell(2,3,rngs=R(1)))), inp(1,(2,4,2)))
lay('flip_sequences_lengths_1_2_3', nnx.Dict(), jnp.array([[1,0,0],[2,3,0],[4,5,6]]), call=lambda m,x: __import__('flax.nnx.nn.recurrent',fromlist=['x']).flip_sequences(x,jnp.array([1,2,3]),1,False))
x=jnp.linspace(-3,3,13)
put('activations', x=x, **{n:getattr(nnx,n)(x) for n in ['celu','elu','gelu','hard_sigmoid','hard_silu','hard_swish','hard_tanh','leaky_relu','log_sigmoid','log_softmax','relu','relu6','selu','sigmoid','identity','silu','soft_sign','softmax','softplus','standardize','swish','tanh']}, gelu_exact=nnx.gelu(x,approximate=False), logsumexp=nnx.logsumexp(x), glu=nnx.glu(jnp.linspace(-2,2,8)), one_hot=nnx.one_hot(jnp.array([0,2,5,-1]),3), softmax_where=nnx.softmax(jnp.array([1.,2.,3.]),where=jnp.array([True,False,True])))
xi=inp(1,(1,4,4,1)); put('pooling', x=xi, max2=nnx.max_pool(xi,(2,2)), max2s2=nnx.max_pool(xi,(2,2),strides=(2,2)), avg3same=nnx.avg_pool(xi,(3,3),padding='SAME'), avg3same_nocount=nnx.avg_pool(xi,(3,3),padding='SAME',count_include_pad=False), min2=nnx.min_pool(xi,(2,2)))
# metrics
a=nnx.metrics.Average(); a.update(values=jnp.array([1.,2.,3.,4.])); a.update(values=2); w=nnx.metrics.Welford(); w.update(values=jnp.array([1,2,3,4])); w1=w.compute(); w.update(values=jnp.array([3,2,1,0])); w2=w.compute()
lg=jnp.array([[-1.,1.],[-1.,1.],[-1.,1.],[1.,-1.],[1.,-1.]]); lb=jnp.array([1,1,0,1,0]); ac=nnx.metrics.Accuracy(); ac.update(logits=lg,labels=lb); am=nnx.metrics.Accuracy(); am.update(logits=lg,labels=lb,mask=lb>0)
put('metrics', average=a.compute(), welford1=[w1.mean,w1.standard_error_of_mean,w1.standard_deviation], welford2=[w2.mean,w2.standard_error_of_mean,w2.standard_deviation], accuracy=ac.compute(), accuracy_masked=am.compute(), average_empty_is_nan=bool(jnp.isnan(nnx.metrics.Average().compute())))
# optimizers: 3 steps on loss = mean((Linear(x)-y)^2)
def opt(name,tx):
    m=nnx.Linear(3,2,rngs=R()); o=nnx.Optimizer(m,tx,wrt=nnx.Param); x=inp(1,(4,3)); y=inp(2,(4,2)); L=[];st=[]; p0={'kernel':m.kernel[...],'bias':m.bias[...]}
    for _ in range(3):
        l,g=nnx.value_and_grad(lambda m:jnp.mean((m(x)-y)**2))(m); o.update(m,g); L.append(l); st.append({'kernel':m.kernel[...],'bias':m.bias[...]})
    put('optimizer.'+name, x=x,y=y,params_before=p0,losses=L,params_after=st,last_grads=nnx.state(g),step=o.step)
opt('sgd_0.1',optax.sgd(.1)); opt('sgd_0.1_momentum0.9',optax.sgd(.1,momentum=.9)); opt('sgd_0.1_nesterov',optax.sgd(.1,momentum=.9,nesterov=True)); opt('adam_0.01',optax.adam(.01)); opt('adamw_0.01',optax.adamw(.01)); opt('rmsprop_0.01',optax.rmsprop(.01)); opt('chain_clip_sgd',optax.chain(optax.clip_by_global_norm(.5),optax.sgd(.1)))
# perturb/sow
class F(nnx.Module):
    def __init__(s): s.w=nnx.Param(jnp.array(2.))
    def __call__(s,x): x=s.perturb('p',x*s.w); y=3*x; s.sow(nnx.Intermediate,'y',y); return y
ff=F(); _,pert=nnx.capture(ff,nnx.Perturbation)(jnp.array(5.)); (g,pg),sw=nnx.grad(lambda f,p,x: nnx.capture(f,nnx.Intermediate,init=p)(x),argnums=(0,1),has_aux=True)(ff,pert,jnp.array(5.))
put('capture.perturb_grad', desc='y=3*(perturb(x*w)); x=5,w=2', grads=g, perturb_grads=pg, sowed_y=sw['y'].get_value()[0])
e=nnx.Linear(2,2,use_bias=False,rngs=R()); em=nnx.EMA(e,0.9); k0=e.kernel[...]; e.kernel[...]=k0*2; em.update(e); put('ema', initial=k0, after_update=em.params['kernel'])

opt('adagrad_0.1',optax.adagrad(.1)); opt('adam_exponential_decay',optax.adam(optax.exponential_decay(.1,1,.5))); opt('adam_cosine',optax.adam(optax.cosine_decay_schedule(.1,3))); opt('adamw_wd0.1',optax.adamw(.01,weight_decay=.1)); opt('lion_0.01',optax.lion(.01)); opt('clip_value_sgd',optax.chain(optax.clip(.05),optax.sgd(.1)))
# gradients: loss = 0.5*sum(out**2)
def gr(name, m, x, call=None, argx=True, **kw):
    f=lambda m,x: 0.5*sum(jnp.sum(o**2) for o in jax.tree.leaves(call(m,x) if call else m(x)))
    st=nnx.clone(nnx.state(m))
    if argx: l,(g,gx)=nnx.value_and_grad(f,argnums=(0,1))(m,x)
    else: (l,g),gx=nnx.value_and_grad(f)(m,x),None
    put('grad.'+name, inputs=[x], state=st, loss=l, param_grads=g, input_grad=gx, state_after=nnx.state(m), **kw)
gr('Linear', nnx.Linear(3,4,rngs=R()), inp(1,(2,3))); gr('Conv2d', nnx.Conv(2,3,(3,3),rngs=R()), inp(1,(1,5,4,2))); gr('Conv1d_causal_dil2', nnx.Conv(2,3,3,padding='CAUSAL',kernel_dilation=2,rngs=R()), inp(1,(1,6,2))); gr('ConvTranspose2d_s2', nnx.ConvTranspose(2,3,(3,3),strides=2,rngs=R()), inp(1,(1,3,3,2)))
gr('BatchNorm_train', nnx.BatchNorm(3,rngs=R(),scale_init=I.constant(1.5),bias_init=I.constant(.3)), inp(1,(4,3))); gr('BatchNorm_eval', nnx.BatchNorm(3,use_running_average=True,rngs=R(),scale_init=I.constant(1.5)), inp(1,(4,3))); gr('LayerNorm', nnx.LayerNorm(4,rngs=R(),bias_init=I.constant(.3)), inp(1,(2,4))); gr('RMSNorm', nnx.RMSNorm(4,rngs=R()), inp(1,(2,4))); gr('GroupNorm_4_2', nnx.GroupNorm(4,2,rngs=R(),bias_init=I.constant(.3)), inp(1,(2,3,4)))
gr('Embed', nnx.Embed(5,3,rngs=R()), jnp.array([[0,4],[1,4]]), argx=False); gr('LoRA', nnx.LoRA(3,2,4,b_initializer=I.ones,base_module=nnx.Linear(3,4,rngs=R()),rngs=R(1)), inp(1,(2,3))); gr('PReLU', nnx.PReLU(), jnp.array([-2.,-.5,0.,3.]))
gr('MHA_causal', nnx.MultiHeadAttention(2,4,rngs=R()), inp(1,(1,3,4)), call=lambda m,x:m(x,decode=False,is_causal=True)); gr('RNN_gru', nnx.RNN(nnx.GRUCell(2,3,rngs=R())), inp(1,(2,4,2))); gr('RNN_lstm', nnx.RNN(nnx.LSTMCell(2,3,rngs=R())), inp(1,(2,4,2))); gr('Dropout_0.5', nnx.Dropout(.5,rngs=nnx.Rngs(dropout=0)), jnp.arange(1.,9.))
xs=jnp.array([-2.5,-1.,-.3,0.,.3,1.,2.5])
put('grad.activations', desc='d/dx sum(f(x)) at x', x=xs, **{n: jax.grad(lambda v: getattr(nnx,n)(v).sum())(xs) for n in ['celu','elu','gelu','hard_sigmoid','hard_silu','hard_tanh','leaky_relu','log_sigmoid','relu','relu6','selu','sigmoid','silu','soft_sign','softplus','tanh']})
# texts and orders
class Block(nnx.Module):
    def __init__(s,i,o,r): s.linear=nnx.Linear(i,o,rngs=r); s.bn=nnx.BatchNorm(o,rngs=r); s.dropout=nnx.Dropout(.2,rngs=r)
    def __call__(s,x): return nnx.relu(s.dropout(s.bn(s.linear(x))))
class Foo(nnx.Module):
    def __init__(s,r): s.block1=Block(32,128,r); s.block2=Block(128,10,r)
    def __call__(s,x): return s.block2(s.block1(x))
foo=Foo(R())
class Ord(nnx.Module):
    def __init__(s,r):
        s.z=nnx.Linear(1,1,rngs=r); s.layers=nnx.List([nnx.Linear(1,1,rngs=r) for _ in range(11)]); s.shared=s.z; s.a=nnx.data([{'k':nnx.Dropout(.5,rngs=r)},nnx.BatchNorm(1,rngs=r)]); s.B=nnx.Param(jnp.zeros(1)); s._p=nnx.Param(jnp.zeros(1)); s.me=s
o=Ord(R())
G['structure']={'desc':'class Ord{z:Linear; layers:List(11 Linear); shared=z; a=data([{k:Dropout}, BatchNorm]); B,_p:Param; me=self}: paths as lists',
  'state_paths':[list(p) for p,_ in nnx.to_flat_state(nnx.state(o))],
  'iter_modules':[[list(p),type(m).__name__] for p,m in nnx.iter_modules(o)],
  'iter_children':[[k,type(m).__name__] for k,m in nnx.iter_children(o)],
  'iter_module_children':[[k,type(m).__name__] for k,m in nnx.iter_module_children(o)],
  'find_duplicates':[[list(p) for p in g] for g in nnx.find_duplicates(o)],
  'param_paths':[list(p) for p,_ in nnx.to_flat_state(nnx.state(o,nnx.Param))],
  'default_count':int(nnx.state(o,'default')['a'][0]['k']['rngs']['count'][...]) if True else None}
G['text']={'tabulate_Foo':nnx.tabulate(foo, jnp.ones((1,32)), console_kwargs={'force_terminal':False,'width':240,'no_color':True}),
  'repr_Foo':re.sub(' at 0x[0-9a-f]+', '', repr(foo)), 'repr_state_Linear_2_3':repr(nnx.state(nnx.Linear(2,3,rngs=R()))), 'view_info_Foo':nnx.view_info(foo), 'repr_Rngs':repr(nnx.Rngs(0,dropout=1)), 'repr_filters':[repr(nnx.filterlib.to_predicate(f)) for f in ['tag',nnx.Param,True,False,...,None,(nnx.Param,'a'),nnx.Not('a'),nnx.All(nnx.Param,'x'),nnx.PathContains('a')]]}
finish('flax', {'cases':G}, libraries=('jax','flax','optax'), script='flax_cases', seed='in each case', note='arrays are {shape,dtype,data(row-major)}; null means NaN')
